//! What an instance may do: permissions of a role, scopes of a token, one decision.
