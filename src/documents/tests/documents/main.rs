//! Reading files, as those do who use the crate: real files, files made part by part, hostile
//! files, and laws over random ones.

#[cfg(test)]
mod make;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod laws;
