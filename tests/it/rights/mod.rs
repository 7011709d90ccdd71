//! The embedded workspace's users see what their roles let them see, and no more.

mod lists;
mod rows;
mod tools;
