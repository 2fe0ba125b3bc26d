"""Microsoft Planner behind the tracker port: sign-in, Graph calls, mapping, and the tracker itself.

Ask the modules directly (`access.GraphAccess`, `tracker.connect`): importing this package alone loads no msal.
"""
