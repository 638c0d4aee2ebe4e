//! The alert manager in process: what an alert goes through between a rule and a receiver.

mod alert;
pub mod config;
mod dispatch;
mod fingerprint;
mod inhibit;
pub mod interval;
mod manager;
pub mod matcher;
mod nflog;
pub mod notify;
mod records;
pub mod route;
mod silence;

pub use alert::{Alert, AlertError, AlertStore, MOST_ALERT_BYTES, NewAlert};
pub use dispatch::{
    DispatchLimits, Dispatcher, Explanation, GroupView, NotifiedAlert, Outcome, Send, SendId, Suppression,
    Told, Verdict,
};
pub use fingerprint::Fingerprint;
pub use inhibit::{Inhibition, Inhibitor};
pub use manager::{AlertManager, ChangeError, Deliver, Delivering, ManagerDeps, SharedRecords};
pub use nflog::TellReason;
pub use records::{MatcherRecord, NotificationRecord, RecordStore, Records, SilenceRecord};
pub use silence::{NewSilence, Silence, SilenceError, SilenceLimits, SilenceState, Silences};
