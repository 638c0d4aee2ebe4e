//! The icons, drawn on a grid of 16 with a stroke of 1.5.

use leptos::prelude::*;

macro_rules! glyphs {
    ($($(#[$doc:meta])* $name:ident = $path:literal,)*) => {
        /// An icon.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Glyph { $($(#[$doc])* $name,)* }

        impl Glyph {
            fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }
        }
    };
}

glyphs! {
    /// Four tiles.
    Dashboards = "M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8h4.5v5.5H9zM2.5 10.5H7v3H2.5z",
    /// Compass needle in a ring.
    Explore = "M8 1.75a6.25 6.25 0 1 0 0 12.5a6.25 6.25 0 0 0 0-12.5zM10.5 5.5L9.2 9.2L5.5 10.5L6.8 6.8z",
    /// Rings around a point.
    Targets = "M8 1.75a6.25 6.25 0 1 0 0 12.5a6.25 6.25 0 0 0 0-12.5zM8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 8h.01",
    /// Clock.
    Clock = "M8 1.75a6.25 6.25 0 1 0 0 12.5a6.25 6.25 0 0 0 0-12.5zM8 4.5V8l2.5 1.5",
    /// Arrow in a circle.
    Refresh = "M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.5 2v3.2h-3.2",
    /// Magnifier.
    Search = "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.4 10.4L14 14",
    /// Magnifier with a minus.
    ZoomOut = "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.4 10.4L14 14M5 7h4",
    /// Chevron.
    ChevronDown = "M4 6l4 4l4-4",
    /// Chevron.
    ChevronLeft = "M10 4L6 8l4 4",
    /// Chevron.
    ChevronRight = "M6 4l4 4l-4 4",
    /// Arrow.
    ArrowDown = "M8 3v10M4 9l4 4l4-4",
    /// Arrow.
    ArrowLeft = "M13 8H3M7 4L3 8l4 4",
    /// Three dots.
    Dots = "M8 3.5h.01M8 8h.01M8 12.5h.01",
    /// Cross.
    Close = "M4 4l8 8M12 4l-8 8",
    /// Check mark.
    Check = "M3 8.5l3.2 3.2L13 5",
    /// Plus.
    Plus = "M8 3v10M3 8h10",
    /// Minus.
    Minus = "M3 8h10",
    /// Pencil.
    Edit = "M10.5 3.5l2 2L6 12l-2.8.8L4 10zM9.3 4.7l2 2",
    /// Eye.
    View = "M1.5 8C3 5 5.3 3.5 8 3.5S13 5 14.5 8C13 11 10.7 12.5 8 12.5S3 11 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6z",
    /// Eye, struck through.
    Hidden = "M2 2l12 12M6 4c.6-.3 1.3-.5 2-.5c2.700 0 5 1.500 6.500 4.500c-.5 1-1.100 1.900-1.800 2.600M10 12.200a6 6 0 0 1-2 .3c-2.700 0-5-1.500-6.500-4.500c.5-1 1.100-1.800 1.700-2.500",
    /// Bin.
    Delete = "M2.500 4.500h11M6 4.500v-2h4v2M4 4.500l.7 9h6.600l.7-9M6.700 7v4M9.300 7v4",
    /// Two sheets.
    Copy = "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
    /// Table.
    Table = "M2 3h12v10H2zM2 6.300h12M2 9.600h12M6.500 6.300V13",
    /// Line chart.
    Chart = "M2 2.500v11h12M4.500 10l3-3.500l2.500 2L13.500 4.500",
    /// Disk.
    Save = "M3 2.500h8l2.500 2.500v8.500H3zM5.500 2.500V6h4.500V2.500M5 13.500V9.500h6v4",
    /// Clock going back.
    History = "M2.500 8a5.500 5.500 0 1 1 1.900 4.200M2.500 13v-3h3M8 5v3.200l2.200 1.300",
    /// Sun.
    Sun = "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.7M12.600 3.400l-.7.7M4.100 11.900l-.7.7",
    /// Moon.
    Moon = "M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z",
    /// Screen.
    Screen = "M2 3h12v8H2zM6 13.500h4M8 11v2.500",
    /// Letter i in a ring.
    Info = "M8 1.750a6.250 6.250 0 1 0 0 12.500a6.250 6.250 0 0 0 0-12.500zM8 7.300v3.700M8 5h.01",
    /// Triangle with a mark.
    Warning = "M8 2.200L14.500 13.500h-13zM8 6.500v3.200M8 11.600h.01",
    /// Diamond with a mark.
    Error = "M8 1.500L14.500 8L8 14.500L1.500 8zM8 5v3.500M8 10.900h.01",
    /// Keyboard.
    Keyboard = "M1.500 4h13v8h-13zM4 6.500h.01M6.700 6.500h.01M9.300 6.500h.01M12 6.500h.01M4.500 9.500h7",
    /// Play.
    Play = "M4.500 2.500L13 8l-8.500 5.500z",
    /// Lock.
    Lock = "M3.500 7h9v6.500h-9zM5.500 7V5a2.500 2.500 0 0 1 5 0v2",
    /// Label on a string.
    Tag = "M2.500 2.500h5L14 9l-5 5L2.500 7.500zM5.300 5.300h.01",
    /// Arrows to the corners.
    Expand = "M9.500 2.500h4v4M13.500 2.500L9 7M6.500 13.500h-4v-4M2.500 13.500L7 9",
    /// Six dots, to drag by.
    Grip = "M6 3.500h.01M10 3.500h.01M6 8h.01M10 8h.01M6 12.500h.01M10 12.500h.01",
    /// Corner, to resize by.
    Corner = "M13 5L5 13M13 10l-3 3",
    /// Chain.
    Link = "M6.500 9.500l3-3M7 4.500L8.700 2.800a2.900 2.900 0 0 1 4.200 4.200L11.300 8.700M4.700 7.300L3 9a2.900 2.900 0 0 0 4.200 4.200L8.900 11.500",
    /// Funnel.
    Filter = "M2 3h12l-4.500 5.500v4.500l-3-1.500V8.500z",
    /// Arrow up right.
    External = "M6 3.500H3v9.500h9.500V10M9 3h4v4M13 3L7.500 8.500",
    /// Flask, for what is simulated.
    Flask = "M6 2h4M6.700 2v4L3 13a.7.7 0 0 0 .6 1h8.800a.7.7 0 0 0 .6-1L9.300 6V2M5 10h6",
}

/// An icon; hidden from assistive technology, because its control has a name.
#[must_use]
pub fn icon(glyph: Glyph) -> AnyView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=glyph.path()></path></svg> }
        .into_any()
}
