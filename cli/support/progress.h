#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace freshet::cli {

/// Shows how far long work has come, on standard error: a bar with rate and time to go on a terminal, a plain line
/// every few seconds otherwise, nothing if told to be quiet. Threads: one.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress() { finish(); }

  /// `done` of the work (events); `part` of the whole in [0, 1], negative if unknown.
  void update(std::uint64_t done, double part);

  /// Leaves the terminal's line, for output that comes after. update() begins anew.
  void finish();

  /// "  45% [#####.....]  1.2 M events  105 k/s  0:12 to go"
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

/// "1.2 M", "105 k", "999".
std::string brief_count(double count);

}  // namespace freshet::cli
