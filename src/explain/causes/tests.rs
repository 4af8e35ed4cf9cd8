//! Causes of small and of random histories.
