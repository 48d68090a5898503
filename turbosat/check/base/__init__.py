"""What everything in the checker rests on: its errors, its clock and the border to C."""
