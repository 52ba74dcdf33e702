//! What an expression evaluates to: an ordered list of items. Most lists have one item or none, so
//! those cost no allocation.

use super::item::Item;

/// An ordered list of items; the value of every expression.
#[derive(Clone, Debug, Default)]
pub struct Collection<'a>(Items<'a>);

#[derive(Clone, Debug, Default)]
enum Items<'a> {
    #[default]
    None,
    One(Item<'a>),
    Many(Vec<Item<'a>>),
}

impl<'a> Collection<'a> {
    /// No items.
    pub const fn new() -> Self {
        Collection(Items::None)
    }

    /// One item.
    pub const fn one(item: Item<'a>) -> Self {
        Collection(Items::One(item))
    }

    /// One item, or none.
    pub fn maybe(item: Option<Item<'a>>) -> Self {
        item.map_or(Collection::new(), Collection::one)
    }

    /// The items in order.
    pub fn as_slice(&self) -> &[Item<'a>] {
        match &self.0 {
            Items::None => &[],
            Items::One(item) => std::slice::from_ref(item),
            Items::Many(items) => items,
        }
    }

    /// The items in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Item<'a>> {
        self.as_slice().iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Items::None) || self.as_slice().is_empty()
    }

    /// The first one.
    pub fn first(&self) -> Option<&Item<'a>> {
        self.as_slice().first()
    }

    /// Adds one at the end.
    pub fn push(&mut self, item: Item<'a>) {
        match &mut self.0 {
            Items::Many(items) => items.push(item),
            Items::None => self.0 = Items::One(item),
            Items::One(_) => {
                let Items::One(first) = std::mem::take(&mut self.0) else { return };
                let mut items = Vec::with_capacity(4);
                items.push(first);
                items.push(item);
                self.0 = Items::Many(items);
            }
        }
    }

    /// Makes room for more.
    pub(super) fn reserve(&mut self, more: usize) {
        match &mut self.0 {
            Items::Many(items) => items.reserve(more),
            Items::None if more > 1 => self.0 = Items::Many(Vec::with_capacity(more)),
            _ => {}
        }
    }

    /// Adds all of another at the end.
    pub fn append(&mut self, other: Collection<'a>) {
        if self.is_empty() {
            *self = other;
            return;
        }
        match other.0 {
            Items::None => {}
            Items::One(item) => self.push(item),
            Items::Many(items) => items.into_iter().for_each(|item| self.push(item)),
        }
    }
}

impl<'a> FromIterator<Item<'a>> for Collection<'a> {
    fn from_iter<I: IntoIterator<Item = Item<'a>>>(items: I) -> Self {
        let mut all = Collection::new();
        items.into_iter().for_each(|item| all.push(item));
        all
    }
}

impl<'a, 'c> IntoIterator for &'c Collection<'a> {
    type Item = &'c Item<'a>;
    type IntoIter = std::slice::Iter<'c, Item<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
