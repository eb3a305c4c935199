//! Workspaces over an object store: manifests, runs, journal, cache.
