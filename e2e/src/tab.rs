//! A tab of headless Chromium, used by role and accessible name. Every look waits for what it looks for.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chromiumoxide::cdp::browser_protocol::accessibility::{AxNode, QueryAxTreeParams};
use chromiumoxide::cdp::browser_protocol::dom::{
    BackendNodeId, FocusParams, GetBoxModelParams, ScrollIntoViewIfNeededParams,
};
use chromiumoxide::cdp::browser_protocol::emulation::{MediaFeature, SetDeviceMetricsOverrideParams};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    InsertTextParams, MouseButton,
};
use chromiumoxide::cdp::browser_protocol::network::EventRequestWillBeSent;
use chromiumoxide::cdp::js_protocol::runtime::EventExceptionThrown;
use chromiumoxide::layout::Point;
use chromiumoxide::page::ScreenshotParams;
use chromiumoxide::{BrowserConfig, Page};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long a look waits. Generous: the machine may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The browser. Closed when dropped.
pub struct Browser {
    browser: chromiumoxide::Browser,
    _profile: TempDir,
}

/// Colour scheme that the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// An accessible name to look for.
#[derive(Clone, Copy, Debug)]
pub enum Name<'n> {
    /// The whole name.
    Is(&'n str),
    /// A part of it.
    Has(&'n str),
}

impl Name<'_> {
    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Is(wanted) => name == *wanted,
            Self::Has(part) => name.contains(part),
        }
    }
}

impl<'n> From<&'n str> for Name<'n> {
    fn from(name: &'n str) -> Self {
        Self::Is(name)
    }
}

impl Browser {
    /// Starts a browser with a fresh profile and no network but the loopback.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(executable: &Path) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(executable)
            .user_data_dir(profile.path())
            .no_sandbox()
            .viewport(None)
            .args([
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .launch_timeout(PATIENCE)
            .build()
            .map_err(|error| anyhow!(error))?;
        let (browser, mut handler) = chromiumoxide::Browser::launch(config).await?;
        tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self { browser, _profile: profile })
    }

    /// Opens an address in a new tab of `width` × `height` CSS pixels.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn open(&self, address: &str, width: i64, height: i64, theme: Theme) -> Result<Tab> {
        let tab = self.prepare(width, height, theme).await?;
        tab.goto(address).await?;
        Ok(tab)
    }

    /// A new, empty tab of `width` × `height` CSS pixels.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn prepare(&self, width: i64, height: i64, theme: Theme) -> Result<Tab> {
        let page = self.browser.new_page("about:blank").await?;
        let tab = Tab { page, errors: Arc::default(), requests: Arc::default() };
        tab.watch().await?;
        tab.resize(width, height).await?;
        tab.theme(theme).await?;
        Ok(tab)
    }
}

/// A tab.
pub struct Tab {
    page: Page,
    errors: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Tab {
    async fn watch(&self) -> Result<()> {
        let mut exceptions = self.page.event_listener::<EventExceptionThrown>().await?;
        let errors = Arc::clone(&self.errors);
        tokio::spawn(async move {
            while let Some(event) = exceptions.next().await {
                let details = &event.exception_details;
                let text = details.exception.as_ref().and_then(|e| e.description.clone());
                errors.lock().expect("no test panics with it").push(text.unwrap_or(details.text.clone()));
            }
        });
        let mut sent = self.page.event_listener::<EventRequestWillBeSent>().await?;
        let requests = Arc::clone(&self.requests);
        tokio::spawn(async move {
            while let Some(event) = sent.next().await {
                requests.lock().expect("no test panics with it").push(event.request.url.clone());
            }
        });
        Ok(())
    }

    /// Brings the tab to the front; a tab in the background does not draw.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn front(&self) -> Result<()> {
        self.page.bring_to_front().await?;
        Ok(())
    }

    /// Closes the tab.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn close(self) -> Result<()> {
        self.page.close().await?;
        Ok(())
    }

    /// Uncaught errors of the page so far.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("no test panics with it").clone()
    }

    /// Addresses requested so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics with it").clone()
    }

    /// Sets the size of the window in CSS pixels.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn resize(&self, width: i64, height: i64) -> Result<()> {
        self.page.execute(SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600)).await?;
        Ok(())
    }

    /// Sets the colour scheme that the system asks for.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn theme(&self, theme: Theme) -> Result<()> {
        let value = if theme == Theme::Dark { "dark" } else { "light" };
        self.page.emulate_media_features(vec![MediaFeature::new("prefers-color-scheme", value)]).await?;
        Ok(())
    }

    /// Runs a script in every page of the tab before the page's own.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn before_page(&self, script: &str) -> Result<()> {
        self.page.evaluate_on_new_document(script).await?;
        Ok(())
    }

    /// Waits until nothing in sight is still loading. Panels below the window do not begin before they are
    /// scrolled to.
    ///
    /// # Errors
    /// When the page does not settle.
    pub async fn settled(&self) -> Result<()> {
        self.find("main", Name::Has("")).await?;
        self.wait("the page to settle", || async {
            let settled: bool = self
                .eval(
                    "document.fonts.status === 'loaded' && document.querySelectorAll('main *').length > 10 && \
                     ![...document.querySelectorAll('[role=progressbar], [class^=skeleton]')]\
                     .some(e => e.getBoundingClientRect().top < innerHeight)",
                )
                .await?;
            Ok(settled.then_some(()))
        })
        .await?;
        // What came last is drawn in the next frame.
        self.frame().await
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn goto(&self, address: &str) -> Result<()> {
        self.page.goto(address).await?;
        Ok(())
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn reload(&self) -> Result<()> {
        self.page.reload().await?;
        Ok(())
    }

    /// The address of the page.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn url(&self) -> Result<String> {
        self.eval("location.href").await
    }

    /// Evaluates JavaScript.
    ///
    /// # Errors
    /// When it throws, or its value is no `T`.
    pub async fn eval<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        let result = self.page.evaluate(script).await.with_context(|| format!("in {script}"))?;
        result.into_value().with_context(|| format!("value of {script}"))
    }

    /// Waits until `look` finds something.
    ///
    /// # Errors
    /// When it does not within half a minute; the message ends with what the page shows.
    pub async fn wait<T, F>(&self, what: &str, mut look: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = look().await;
            match found {
                Ok(Some(found)) => return Ok(found),
                Ok(None) | Err(_) if Instant::now() < deadline => sleep(BETWEEN_LOOKS).await,
                Ok(None) => {
                    let text: String = self.eval("document.body.innerText").await.unwrap_or_default();
                    let shot = self.screenshot("failed").await.map(|p| p.display().to_string());
                    bail!(
                        "waited in vain for {what} at {}\nscreenshot: {}\nerrors: {:?}\n{text}",
                        self.url().await.unwrap_or_default(),
                        shot.unwrap_or_default(),
                        self.errors()
                    );
                }
                Err(error) => return Err(error.context(format!("while waiting for {what}"))),
            }
        }
    }

    /// All elements of a role, with their accessible names.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn all(&self, role: &str) -> Result<Vec<(String, BackendNodeId)>> {
        let root = self.page.get_document().await?.node_id;
        let query = QueryAxTreeParams::builder().node_id(root).role(role).build();
        let nodes: Vec<AxNode> = self.page.execute(query).await?.result.nodes;
        let text = |node: &AxNode| {
            let value = node.name.as_ref().and_then(|name| name.value.clone());
            value.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
        };
        Ok(nodes
            .iter()
            .filter(|node| !node.ignored)
            .filter_map(|node| Some((text(node), node.backend_dom_node_id?)))
            .collect())
    }

    /// Waits for an element by role and name.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn find<'n>(&self, role: &str, name: impl Into<Name<'n>>) -> Result<BackendNodeId> {
        let name = name.into();
        self.wait(&format!("{role} {name:?}"), || async move {
            Ok(self.all(role).await?.into_iter().find(|(n, _)| name.fits(n)).map(|(_, id)| id))
        })
        .await
    }

    /// Whether there is such an element now.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn is_there<'n>(&self, role: &str, name: impl Into<Name<'n>>) -> Result<bool> {
        let name = name.into();
        Ok(self.all(role).await?.iter().any(|(n, _)| name.fits(n)))
    }

    /// Waits until the page shows a text.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn see(&self, text: &str) -> Result<()> {
        let script = format!("document.body.innerText.includes({})", serde_json::to_string(text)?);
        self.wait(&format!("the text {text:?}"), || async {
            Ok(self.eval::<bool>(&script).await?.then_some(()))
        })
        .await
    }

    /// The centre and size of an element, scrolled into view: `(x, y, width, height)`.
    ///
    /// # Errors
    /// When it has no box.
    pub async fn place(&self, element: BackendNodeId) -> Result<(f64, f64, f64, f64)> {
        self.page.execute(ScrollIntoViewIfNeededParams::builder().backend_node_id(element).build()).await?;
        let model = self.page.execute(GetBoxModelParams::builder().backend_node_id(element).build()).await?;
        let quad = model.result.model.border.inner();
        let (xs, ys): (Vec<f64>, Vec<f64>) = quad.chunks_exact(2).map(|c| (c[0], c[1])).unzip();
        let low = |v: &[f64]| v.iter().copied().fold(f64::INFINITY, f64::min);
        let high = |v: &[f64]| v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (width, height) = (high(&xs) - low(&xs), high(&ys) - low(&ys));
        Ok((low(&xs) + width / 2.0, low(&ys) + height / 2.0, width, height))
    }

    /// Clicks an element.
    ///
    /// # Errors
    /// When it does not come or has no place.
    pub async fn click<'n>(&self, role: &str, name: impl Into<Name<'n>>) -> Result<()> {
        let name = name.into();
        // Between finding and clicking the page may have drawn itself anew; then look again.
        self.wait(&format!("{role} {name:?} to click"), || async move {
            let Some((_, element)) = self.all(role).await?.into_iter().find(|(n, _)| name.fits(n)) else {
                return Ok(None);
            };
            let (x, y, width, height) = self.place(element).await?;
            // What still moves or is not laid out yet would be missed.
            self.frame().await?;
            if width == 0.0 || height == 0.0 || self.place(element).await? != (x, y, width, height) {
                return Ok(None);
            }
            self.page.click(Point::new(x, y)).await?;
            Ok(Some(()))
        })
        .await
    }

    /// Waits until the page has drawn.
    async fn frame(&self) -> Result<()> {
        let drawn =
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.eval::<bool>(drawn).await?;
        Ok(())
    }

    /// Clicks an element with the shift key held.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn shift_click<'n>(&self, role: &str, name: impl Into<Name<'n>>) -> Result<()> {
        let element = self.find(role, name).await?;
        let (x, y, _, _) = self.place(element).await?;
        const SHIFT: i64 = 8;
        for kind in [DispatchMouseEventType::MousePressed, DispatchMouseEventType::MouseReleased] {
            self.mouse(kind, x, y, Some(SHIFT)).await?;
        }
        Ok(())
    }

    /// Moves the pointer.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn hover(&self, x: f64, y: f64) -> Result<()> {
        self.mouse(DispatchMouseEventType::MouseMoved, x, y, None).await
    }

    /// Drags from one point to another.
    ///
    /// # Errors
    /// When the browser fails.
    pub async fn drag(&self, from: (f64, f64), to: (f64, f64)) -> Result<()> {
        self.hover(from.0, from.1).await?;
        self.mouse(DispatchMouseEventType::MousePressed, from.0, from.1, None).await?;
        for step in 1..=8 {
            let share = f64::from(step) / 8.0;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            self.mouse(DispatchMouseEventType::MouseMoved, at.0, at.1, None).await?;
        }
        self.mouse(DispatchMouseEventType::MouseReleased, to.0, to.1, None).await
    }

    async fn mouse(
        &self,
        kind: DispatchMouseEventType,
        x: f64,
        y: f64,
        modifiers: Option<i64>,
    ) -> Result<()> {
        let pressed = kind != DispatchMouseEventType::MouseMoved;
        let mut event = DispatchMouseEventParams::builder().r#type(kind).x(x).y(y);
        if pressed {
            event = event.button(MouseButton::Left).click_count(1);
        }
        if let Some(modifiers) = modifiers {
            event = event.modifiers(modifiers);
        }
        self.page.execute(event.build().map_err(|error| anyhow!(error))?).await?;
        Ok(())
    }

    /// Puts `text` into a field in place of what it holds.
    ///
    /// # Errors
    /// When the field does not come.
    pub async fn fill<'n>(&self, role: &str, name: impl Into<Name<'n>>, text: &str) -> Result<()> {
        let element = self.find(role, name).await?;
        self.page.execute(FocusParams::builder().backend_node_id(element).build()).await?;
        let _: bool = self.eval("document.activeElement.select?.(), true").await?;
        if text.is_empty() {
            return self.press("Delete").await;
        }
        self.page.execute(InsertTextParams::new(text)).await?;
        Ok(())
    }

    /// Presses a key, such as `Enter`, `Escape`, `a`; `Control+Enter` holds another one.
    ///
    /// # Errors
    /// When the browser fails or knows no such key.
    pub async fn press(&self, key: &str) -> Result<()> {
        let (modifiers, key) = match key.split_once('+') {
            Some(("Control", key)) => (2, key),
            Some(("Shift", key)) => (8, key),
            Some((other, _)) => bail!("unknown modifier {other}"),
            None => (0, key),
        };
        let definition =
            chromiumoxide::keys::get_key_definition(key).with_context(|| format!("unknown key {key}"))?;
        let kinds = if modifiers == 0 && (definition.text.is_some() || key.len() == 1) {
            [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp]
        } else {
            [DispatchKeyEventType::RawKeyDown, DispatchKeyEventType::KeyUp]
        };
        for kind in kinds {
            let mut event = DispatchKeyEventParams::builder()
                .r#type(kind.clone())
                .key(definition.key)
                .code(definition.code)
                .windows_virtual_key_code(definition.key_code)
                .modifiers(modifiers);
            if kind == DispatchKeyEventType::KeyDown {
                if let Some(text) = definition.text {
                    event = event.text(text);
                } else if key.len() == 1 {
                    event = event.text(key);
                }
            }
            self.page.execute(event.build().map_err(|error| anyhow!(error))?).await?;
        }
        Ok(())
    }

    /// Writes what the window shows to `target/screenshots/NAME.png`.
    ///
    /// # Errors
    /// When the browser or the disk fails.
    pub async fn screenshot(&self, name: &str) -> Result<std::path::PathBuf> {
        let path = crate::screenshots_dir().join(format!("{name}.png"));
        std::fs::create_dir_all(crate::screenshots_dir())?;
        self.page.save_screenshot(ScreenshotParams::builder().build(), &path).await?;
        Ok(path)
    }
}
