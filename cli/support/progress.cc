// SPDX-License-Identifier: Apache-2.0
#include "cli/support/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace freshet::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainInterval{5};
constexpr int kBarWidth = 30;

}  // namespace

std::string brief_count(double count) {
  char text[32];
  if (count >= 1e6) {
    std::snprintf(text, sizeof text, "%.2f M", count / 1e6);
  } else if (count >= 1e4) {
    std::snprintf(text, sizeof text, "%.1f k", count / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", count);
  }
  return text;
}

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {
  next_ = start_ + (terminal_ ? std::chrono::milliseconds(0) : std::chrono::milliseconds(kPlainInterval));
}

void Progress::finish() {
  if (drawn_ && terminal_) std::fputc('\n', stderr);
  drawn_ = false;
}

std::string Progress::line(const std::string& what, std::uint64_t done, double part, double seconds, int width) {
  std::string text;
  char buffer[64];
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  if (part >= 0) {
    part = std::min(part, 1.0);
    const int filled = static_cast<int>(part * width);
    std::snprintf(buffer, sizeof buffer, "%3.0f%% ", part * 100);
    text += buffer;
    text += "[" + std::string(static_cast<std::size_t>(filled), '#') +
            std::string(static_cast<std::size_t>(width - filled), '.') + "] ";
  }
  text += brief_count(static_cast<double>(done)) + " " + what + ", " + brief_count(rate) + "/s";
  if (part > 0.001 && part < 1) {
    const auto left = static_cast<long>(seconds * (1 - part) / part);
    std::snprintf(buffer, sizeof buffer, ", %ld:%02ld to go", left / 60, left % 60);
    text += buffer;
  }
  return text;
}

void Progress::update(std::uint64_t done, double part) {
  const Clock::time_point now = Clock::now();
  if (quiet_ || now < next_) return;
  next_ = now + (terminal_ ? kRedraw : std::chrono::milliseconds(kPlainInterval));
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const std::string text = line(what_, done, part, seconds, kBarWidth);
  std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", text.c_str());
  drawn_ = true;
}

}  // namespace freshet::cli
