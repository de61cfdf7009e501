//! Where credentials come from, in the AWS order.
