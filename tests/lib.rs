//! Laws, corpus, contract, crash and end-to-end tests: what no single room can prove.
