//! Remote read: what is asked, and the answers in both forms.
