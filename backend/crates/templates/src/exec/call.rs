//! Fields, methods and functions with their arguments.

use std::sync::Arc;

use super::{At, Executor, Result, function};
use crate::funcs::Param;
use crate::syntax::{Expr, ExprKind, quote};
use crate::value::{Value, method};

/// How many bytes are read for a unit of work.
const READING: usize = 8;

impl<'a> Executor<'a> {
    /// Fields of `value` one behind the other; the last may be a method that takes arguments.
    pub(super) fn chain(
        &mut self,
        dot: &Value,
        node: &'a Expr,
        value: Value,
        names: &'a [Arc<str>],
        args: &'a [Expr],
        piped: Option<Value>,
    ) -> Result<Value> {
        let Some((last, others)) = names.split_last() else { return Ok(value) };
        let mut value = value;
        for (i, name) in others.iter().enumerate() {
            self.no_gap(i, &value, name)?;
            value = self.field(dot, node, &value, name, &[], None)?;
        }
        self.no_gap(others.len(), &value, last)?;
        self.field(dot, node, &value, last, args, piped)
    }

    /// What a chain finds nothing under has no fields, while where it begins may be nothing.
    fn no_gap(&self, at: usize, value: &Value, name: &str) -> Result<()> {
        if at > 0 && matches!(value, Value::Nil) {
            return Err(self.error(format!("nil pointer evaluating interface {{}}.{name}")));
        }
        Ok(())
    }

    fn field(
        &mut self,
        dot: &Value,
        node: &'a Expr,
        value: &Value,
        name: &str,
        args: &'a [Expr],
        piped: Option<Value>,
    ) -> Result<Value> {
        if matches!(value, Value::Nil) {
            return Ok(Value::Nil);
        }
        if let Some(method) = method(value, name) {
            let values = self.arguments(dot, name, method.params, None, args, piped)?;
            let result = self.paid(value.len().unwrap_or(0), (method.run)(value, &values));
            return result.map_err(|message| {
                self.at = At::Expr(node);
                self.error(format!("error calling {name}: {message}"))
            });
        }
        let has_arguments = !args.is_empty() || piped.is_some();
        if let Some(found) = value.struct_field(name) {
            if has_arguments {
                return Err(self.error(format!("{name} has arguments but cannot be invoked as function")));
            }
            return Ok(found);
        }
        if let Some(found) = value.entry(name) {
            if has_arguments {
                return Err(self.error(format!("{name} is not a method but has arguments")));
            }
            return Ok(found);
        }
        let of = value.type_name();
        Err(self.error(format!("can't evaluate field {name} in type {of}")))
    }

    pub(super) fn function(
        &mut self,
        dot: &Value,
        node: &'a Expr,
        whole: At<'a>,
        name: &str,
        args: &'a [Expr],
        piped: Option<Value>,
    ) -> Result<Value> {
        self.at = At::Expr(node);
        let Some(function) = function(self.functions, name) else {
            return Err(self.error(format!("{} is not a defined function", quote(name))));
        };
        if matches!(name, "and" | "or") {
            return self.until(dot, name, args, piped);
        }
        let values = self.arguments(dot, name, function.params, function.rest, args, piped)?;
        let read: usize = values.iter().filter_map(Value::as_text).map(|text| text.len()).sum();
        let result = self.paid(read, (function.run)(self.context, &values));
        result.map_err(|message| {
            self.at = whole;
            if let ("call", Some(arg), Some(value)) = (name, args.first(), values.first())
                && !matches!(value, Value::Nil)
            {
                let of = value.type_name();
                return self.error(format!("error calling call: non-function {arg} of type {of}"));
            }
            self.error(format!("error calling {name}: {message}"))
        })
    }

    /// The result of a call, paid for by what was read and what was made.
    fn paid(&self, read: usize, result: Result<Value, String>) -> Result<Value, String> {
        let value = result?;
        let made = value.as_text().map_or(0, |text| text.len());
        self.context.charge(read / READING + made)?;
        Ok(value)
    }

    /// `and` and `or`, which look no further than they have to.
    fn until(&mut self, dot: &Value, name: &str, args: &'a [Expr], piped: Option<Value>) -> Result<Value> {
        if args.is_empty() && piped.is_none() {
            return Err(self.error(format!("wrong number of args for {name}: want at least 1 got 0")));
        }
        let mut value = Value::Nil;
        for arg in args {
            value = self.argument(dot, Some(Param::Any), arg)?;
            if value.truth() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(piped.unwrap_or(value))
    }

    fn arguments(
        &mut self,
        dot: &Value,
        name: &str,
        params: &[Param],
        rest: Option<Param>,
        args: &'a [Expr],
        piped: Option<Value>,
    ) -> Result<Vec<Value>> {
        let given = args.len() + usize::from(piped.is_some());
        if rest.is_some() && given < params.len() {
            let (least, given) = (params.len(), args.len());
            return Err(
                self.error(format!("wrong number of args for {name}: want at least {least} got {given}"))
            );
        }
        if rest.is_none() && given != params.len() {
            let wanted = params.len();
            return Err(self.error(format!("wrong number of args for {name}: want {wanted} got {given}")));
        }
        let param = |at: usize| params.get(at).copied().or(rest).unwrap_or(Param::Any);
        let mut values = Vec::with_capacity(given);
        for (at, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, Some(param(at)), arg)?);
        }
        if let Some(piped) = piped {
            values.push(self.checked(piped, param(args.len()))?);
        }
        Ok(values)
    }

    /// An argument as what a parameter takes; without one, as whatever it is.
    pub(super) fn argument(&mut self, dot: &Value, param: Option<Param>, arg: &'a Expr) -> Result<Value> {
        self.at = At::Expr(arg);
        let wanted = param.unwrap_or(Param::Any);
        let value = match &arg.kind {
            ExprKind::Dot => dot.clone(),
            ExprKind::Nil if param.is_none() => return Err(self.error("nil is not a command")),
            ExprKind::Nil if wanted.takes_nil() => return Ok(wanted.nil()),
            ExprKind::Nil => return Err(self.error(format!("cannot assign nil to {}", wanted.type_name()))),
            ExprKind::Field(names) => {
                let value = self.chain(dot, arg, dot.clone(), names, &[], None)?;
                return self.found(value, wanted);
            }
            ExprKind::Variable(name, fields) => {
                let value = self.variable(name)?;
                if !fields.is_empty() {
                    let value = self.chain(dot, arg, value, fields, &[], None)?;
                    return self.found(value, wanted);
                }
                value
            }
            ExprKind::Pipe(pipe) => self.nested(dot, pipe)?,
            ExprKind::Function(name) => self.function(dot, arg, At::Expr(arg), name, &[], None)?,
            ExprKind::Chain(inner, fields) => {
                let value = self.argument(dot, None, inner)?;
                let value = self.chain(dot, arg, value, fields, &[], None)?;
                return self.found(value, wanted);
            }
            ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text { .. } => {
                return self.literal(wanted, arg);
            }
        };
        self.checked(value, wanted)
    }

    fn literal(&self, wanted: Param, arg: &Expr) -> Result<Value> {
        match (wanted, &arg.kind) {
            (Param::Any, ExprKind::Bool(value)) => Ok(Value::Bool(*value)),
            (Param::Any, ExprKind::Number(number)) => self.number(number),
            (Param::Any | Param::Text, ExprKind::Text { value, .. }) => Ok(Value::Text(Arc::clone(value))),
            (Param::Text, _) => Err(self.error(format!("expected string; found {arg}"))),
            (Param::Int | Param::Duration, kind) => match kind {
                ExprKind::Number(number) if number.int.is_some() => {
                    let int = number.int.unwrap_or(0);
                    let is_int = wanted == Param::Int;
                    Ok(if is_int { Value::Int(int) } else { Value::Duration(crate::value::Duration(int)) })
                }
                _ => Err(self.error(format!("expected integer; found {arg}"))),
            },
            _ => Err(self.error(format!("can't handle {arg} for arg of type {}", wanted.type_name()))),
        }
    }

    /// What a chain of fields found, which is of a type even if it is nothing.
    fn found(&self, value: Value, wanted: Param) -> Result<Value> {
        if matches!(value, Value::Nil) && wanted != Param::Any {
            let expected = wanted.type_name();
            return Err(self.error(format!("wrong type for value; expected {expected}; got interface {{}}")));
        }
        self.checked(value, wanted)
    }

    fn checked(&self, value: Value, wanted: Param) -> Result<Value> {
        if wanted.takes(&value) {
            return Ok(value);
        }
        if matches!(value, Value::Nil) {
            if wanted.takes_nil() {
                return Ok(wanted.nil());
            }
            return Err(self.error(format!("invalid value; expected {}", wanted.type_name())));
        }
        let (expected, got) = (wanted.type_name(), value.type_name());
        Err(self.error(format!("wrong type for value; expected {expected}; got {got}")))
    }
}
