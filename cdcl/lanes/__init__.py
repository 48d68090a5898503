"""Lanes: engines that race, each on a course."""
