// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

namespace freshet::cli {

/// Exit code of a process that cannot start, or that the system gives no more memory or threads.
inline constexpr int kCannotGoOn = 2;

/// From here on the process ends with one line on standard error, in whichever thread and library it happens: with
/// kCannotGoOn when it gets no memory or no thread, by a signal when an exception is not caught or after a fault. In
/// the executable it is called before any library is initialized; calling it again changes nothing.
void arrange_last_words() noexcept;

/// If `error` says that there is no memory or no thread, writes the line for that. False if it says something else.
bool tells_of_a_lack(const std::exception& error) noexcept;

}  // namespace freshet::cli
