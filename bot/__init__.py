"""liangsaibi (亮赛比): show commitments, compete on results, compare drive: by chat."""
