// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace freshet::app {

/// Raises the process's soft limit of open files to the hard limit.
/// Returns the limit that then holds.
std::size_t raise_descriptor_limit();

/// How many connections a limit of `limit` open files leaves room for, at most `wanted`. The store, the log and
/// checkpoints need files as well: without one, RocksDB takes no more writes.
std::size_t connections_within(std::size_t limit, std::size_t wanted);

}  // namespace freshet::app
