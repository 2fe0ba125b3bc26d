"""Microsoft Planner behind the tracker port."""
