//! A Koppeltaal connector: send, claim, process, browse, activity definitions.
