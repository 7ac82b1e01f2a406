//! Pages of documents made by hand, read back by an HTML parser.

mod document;
mod hostile;
mod page;
mod shapes;
