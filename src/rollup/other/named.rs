use std::io;
use std::sync::Arc;

use crate::rollup::{Row, ahead, some};

use super::{Folded, Kept, Mention};

/// Rows in their order, which can be read again, and are the same then.
pub trait Source {
    /// All rows, from the first on.
    fn rows(&self) -> io::Result<RowByRow>;

    /// The rows of pools that are wanted, from the first on.
    fn rows_of(&self, wants: impl Fn(&str) -> bool + Send + 'static) -> io::Result<RowByRow> {
        let is_wanted =
            move |row: &io::Result<Row>| row.as_ref().map_or(true, |row| wants(&row.pool));
        Ok(Box::new(self.rows()?.filter(is_wanted)))
    }

    /// Tells what each row is called by.
    fn mentions(&self, look: &mut dyn FnMut(&Mention<'_>)) -> io::Result<()> {
        for row in self.rows()? {
            look(&Mention::of(&row?));
        }
        Ok(())
    }

    /// Hands all rows to `each`, many at once. While some are looked at, the next ones are read.
    fn each(&self, mut each: impl FnMut(&[Row]) + Send) -> io::Result<()> {
        let mut rows = self.rows()?;
        let look = |rows: Vec<Row>| {
            each(&rows);
            Ok(())
        };
        ahead(|| some(&mut rows, AT_ONCE), look)
    }
}

/// Rows that are read one after the other.
pub type RowByRow = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// Rows with as many names as can be kept.
pub struct Named<S> {
    source: S,
    /// `None`: all.
    kept: Option<Arc<Kept>>,
}

/// So many rows are handed on at once.
const AT_ONCE: usize = 2_048;

impl<S> Named<S> {
    /// All names are kept: there are few.
    pub fn all(source: S) -> Self {
        Self { source, kept: None }
    }

    /// Other rows with the names that these keep.
    pub fn like_these<T>(&self, source: T) -> Named<T> {
        Named {
            source,
            kept: self.kept.clone(),
        }
    }
}

impl<S: Source> Named<S> {
    /// Chooses the names that are kept; of pools, those first that `is_known` tells.
    pub fn chosen(source: S, is_known: impl Fn(&str) -> bool) -> io::Result<Self> {
        let kept = Kept::chosen(|look| source.mentions(look), is_known)?;
        let kept = kept.map(Arc::new);
        Ok(Self { source, kept })
    }
}

impl<S: Source> Source for Named<S> {
    fn rows(&self) -> io::Result<RowByRow> {
        let Some(kept) = &self.kept else {
            return self.source.rows();
        };
        let of = |is_kept: bool| {
            let kept = Arc::clone(kept);
            let is_of = move |pool: &str| kept.has_pool(pool) == is_kept;
            self.source.rows_of(is_of)
        };
        Ok(Box::new(Folded::new(
            Arc::clone(kept),
            of(true)?,
            of(false)?,
        )))
    }
}
