//! One direction in transit: buffer, pipe lease, forward budget; and the two pools.
