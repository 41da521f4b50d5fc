//! The rate of each viewer's link: what arrives (TWCC), what is lost and sent again, and who gets which rendition.

pub(super) mod congestion;
pub(super) mod playout_delay;
pub(super) mod renditions;
pub(super) mod retransmit;
pub(super) mod twcc;
