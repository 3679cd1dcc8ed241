// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace freshet::cli {

/// Shows the progress of long work on standard error: on a terminal as a bar with rate and time to go, otherwise as a
/// line every few seconds, and not at all if `quiet`.
/// Threads: one.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress() { finish(); }

  /// `done`: number of events so far; `part`: share of all work in [0, 1], negative if unknown.
  void update(std::uint64_t done, double part);

  /// Ends the line on the terminal, for output that follows. update() starts a new one.
  void finish();

  /// " 45% [####......] 1.20 M events, 105.0 k/s, 0:12 to go"
  static std::string line(const std::string& what, std::uint64_t done, double part, double seconds, int width);

 private:
  using Clock = std::chrono::steady_clock;

  const std::string what_;
  const bool quiet_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_{};
  bool drawn_ = false;
};

/// "1.20 M", "105.0 k", "9999".
std::string brief_count(double count);

}  // namespace freshet::cli
