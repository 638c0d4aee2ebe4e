//! ULIDs in JSON: 26 characters of Crockford's base 32.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

pub(super) fn serialize<S: Serializer>(ulid: &Ulid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(ulid)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ulid, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Ulid;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a ULID")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Ulid, E> {
            Ulid::from_string(text).map_err(|error| E::custom(format!("{text:?} is no ULID: {error}")))
        }
    }

    deserializer.deserialize_str(Text)
}

/// For lists of them.
pub(super) mod list {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Item(#[serde(with = "super")] Ulid);

    pub(in super::super) fn serialize<S: Serializer>(
        ulids: &[Ulid],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ulids.iter().map(|ulid| Item(*ulid)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Ulid>, D::Error> {
        // Other writers say `null` for a list that is empty.
        let items = Option::<Vec<Item>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}
