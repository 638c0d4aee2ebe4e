//! The design system's parts: small components with roles and names, whose look is in
//! `frontend/style/*.css`. Knows nothing of dashboards, queries or the API.

mod button;
mod dialog;
mod field;
mod icons;
mod mark;
mod menu;
mod picker;
mod popover;
mod states;
mod table;
mod tabs;
mod toast;

pub use button::*;
pub use dialog::*;
pub use field::*;
pub use icons::*;
pub use mark::*;
pub use menu::*;
pub use picker::*;
pub use popover::*;
pub use states::*;
pub use table::*;
pub use tabs::*;
pub use toast::*;
