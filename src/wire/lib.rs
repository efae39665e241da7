//! Documents in and out: JSON with the path of a fault, canonical form, hash.
