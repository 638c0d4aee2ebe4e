//! Round trips and bytes by hand.
