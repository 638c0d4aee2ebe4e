//! Which of the prepared codings a client gets.

/// How a file's bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// What the name of the packed file has at its end.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    /// The name in `Content-Encoding`.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// The smallest coding that the `Accept-Encoding` header allows and that there is.
pub(super) fn choose(accept: &str, is_there: impl Fn(Coding) -> bool) -> Coding {
    [Coding::Brotli, Coding::Gzip]
        .into_iter()
        .find(|coding| coding.name().is_some_and(|name| allows(accept, name)) && is_there(*coding))
        .unwrap_or(Coding::Identity)
}

/// Whether a coding is named (or covered by `*`) with a quality above zero.
fn allows(accept: &str, name: &str) -> bool {
    let mut star = None;
    for offer in accept.split(',') {
        let mut parts = offer.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let quality = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1.0, |quality| quality.trim().parse::<f64>().unwrap_or(0.0));
        if coding.eq_ignore_ascii_case(name) {
            return quality > 0.0;
        }
        if coding == "*" {
            star = Some(quality);
        }
    }
    star.is_some_and(|quality| quality > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_that_is_allowed() {
        let choose = |accept: &str| choose(accept, |_| true);
        assert_eq!(choose("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(choose("gzip"), Coding::Gzip);
        assert_eq!(choose("br;q=0, gzip;q=0.5"), Coding::Gzip);
        assert_eq!(choose("br;q=0, gzip;q=0.0"), Coding::Identity);
        assert_eq!(choose("*"), Coding::Brotli);
        assert_eq!(choose("*;q=0.1, br;q=0"), Coding::Gzip);
        assert_eq!(choose("*;q=0"), Coding::Identity);
        assert_eq!(choose(""), Coding::Identity);
        assert_eq!(choose("BR"), Coding::Brotli);
        assert_eq!(choose("br;q=x"), Coding::Identity);
    }

    #[test]
    fn what_is_not_there_is_not_chosen() {
        assert_eq!(choose("br, gzip", |coding| coding == Coding::Gzip), Coding::Gzip);
        assert_eq!(choose("br, gzip", |_| false), Coding::Identity);
    }
}
