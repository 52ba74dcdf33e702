//! The ids that connect requests: request, correlation, trace.
