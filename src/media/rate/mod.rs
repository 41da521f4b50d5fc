//! The rate of each viewer's link: congestion control by TWCC, retransmission, and the assignment of renditions.

pub(super) mod congestion;
pub(super) mod playout_delay;
pub(super) mod renditions;
pub(super) mod retransmit;
pub(super) mod twcc;
