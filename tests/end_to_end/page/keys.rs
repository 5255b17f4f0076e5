//! A person who has a keyboard and nothing else: keys go to whatever has the focus, as the browser's own keyboard sends
//! them, and every stop on the way must be one that is seen.

use std::path::Path;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::browser::Browser;

/// More presses of Tab than any way on a page takes.
const MOST_STOPS: usize = 250;

/// What is wrong with the place that has the focus; nothing of one that is seen, or of none.
const UNSEEN: &str = "const at = document.activeElement; if (at === document.body || at.matches('.editor')) return \
                      null; const marked = [at, at.closest('label'), at.closest('.table-box'), \
                      at.querySelector(':scope > .aim')] .filter(e => e).map(e => getComputedStyle(e)) .some(s => \
                      s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || (s.stroke && s.stroke !== \
                      'none')); const box = (at.closest('label') ?? at).getBoundingClientRect(); const isInView = \
                      box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < \
                      innerWidth; return marked && isInView ? null : at.outerHTML.slice(0, 200) + (marked ? ' is out \
                      of view' : ' shows no focus');";

pub(super) struct Keyboard<'a>(pub(super) &'a Browser);

impl Keyboard<'_> {
    async fn send(&self, actions: Vec<KeyAction>) {
        let keyboard = actions.into_iter().fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        self.0.client.perform_actions(keyboard).await.unwrap();
    }

    pub(super) async fn press(&self, key: Key) {
        let value = char::from(key);
        self.send(vec![KeyAction::Down { value }, KeyAction::Up { value }]).await;
    }

    /// Presses a key while another is held.
    pub(super) async fn chord(&self, held: Key, value: impl Into<char>) {
        let (held, value) = (char::from(held), value.into());
        let keys = [KeyAction::Down { value }, KeyAction::Up { value }];
        let (first, last) = (KeyAction::Down { value: held }, KeyAction::Up { value: held });
        self.send([vec![first], keys.to_vec(), vec![last]].concat()).await;
    }

    pub(super) async fn write(&self, text: &str) {
        let keys = text.chars().flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
        self.send(keys.collect()).await;
    }

    /// Empties the field.
    pub(super) async fn clear(&self) {
        self.chord(Key::Control, 'a').await;
        self.press(Key::Delete).await;
    }

    async fn is_at(&self, selector: &str) -> bool {
        self.0.js(&format!("return document.activeElement.matches({})", json!(selector))).await == true
    }

    /// Goes on with Tab to what matches.
    pub(super) async fn tab_to(&self, selector: &str) {
        self.stop_by_stop(selector, false).await;
    }

    /// Goes back with Shift-Tab to what matches.
    pub(super) async fn back_to(&self, selector: &str) {
        self.stop_by_stop(selector, true).await;
    }

    async fn stop_by_stop(&self, selector: &str, back: bool) {
        for _ in 0..MOST_STOPS {
            if self.is_at(selector).await {
                return;
            }
            match back {
                true => self.chord(Key::Shift, Key::Tab).await,
                false => self.press(Key::Tab).await,
            }
            assert_eq!(self.0.js(UNSEEN).await, Value::Null, "on the way to {selector}");
        }
        panic!("{selector} is not reached with Tab");
    }

    /// Goes to another page by the navigation.
    pub(super) async fn go(&self, path: &str) {
        self.tab_to(&format!("nav a[href='{path}']")).await;
        self.press(Key::Enter).await;
        self.arrives(path).await;
    }

    /// Waits until another page is there and alive.
    pub(super) async fn arrives(&self, path: &str) {
        let there =
            format!("return location.pathname === {} && 'ready' in document.documentElement.dataset", json!(path));
        self.0.wait_until(&format!("{path} is there"), &there).await;
    }

    /// The focus is at what matches, and stays there.
    pub(super) async fn is_left_at(&self, selector: &str) {
        let at = format!("return document.activeElement.matches({})", json!(selector));
        self.0.wait_until(&format!("{selector} has the focus"), &at).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = self.0.js("return document.activeElement.outerHTML.slice(0, 200)").await;
        assert!(self.is_at(selector).await, "{selector} has lost the focus to {now}");
    }

    /// Gives a file to the field that has the focus. The window in which it is chosen is the system's, and no page's.
    pub(super) async fn choose_file(&self, file: &Path) {
        assert!(self.is_at("input[type=file]").await);
        self.0.keys(file.to_str().unwrap()).await;
    }
}
