"""Screens: a model in, a `Screen` out. Pure: no clock, no network, no person's secret."""
