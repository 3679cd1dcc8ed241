// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/recorded_events.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "base/printable.h"
#include "cli/support/arguments.h"

namespace freshet::cli {
namespace {

/// Puts a temporary file with the same bytes into the place of standard input.
void keep_standard_input() {
  std::FILE* kept = std::tmpfile();
  if (kept == nullptr) throw std::runtime_error("standard input cannot be kept: no temporary file can be made");
  std::array<char, 64 << 10> bytes{};
  while (const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), stdin)) {
    std::fwrite(bytes.data(), 1, size, kept);
  }
  const bool complete = std::ferror(stdin) == 0 && std::fflush(kept) == 0 && std::ferror(kept) == 0 &&
                        dup2(fileno(kept), STDIN_FILENO) == STDIN_FILENO;
  std::fclose(kept);
  if (!complete) throw std::runtime_error("standard input cannot be kept in a temporary file; is there room?");
  std::rewind(stdin);
}

}  // namespace

void StreamArguments::add_options(CLI::App& command) {
  command.add_option(
      "--columns", columns,
      "Columns of a TSV or CSV file, in file order: user, session, item, time, type, value, id, request, consent, "
      "or - to ignore one (default: replay.columns; session,item,time,type)");
  command.add_flag("--header", header, "The first line names the columns");
  command.add_option("--skip", skip, "Skip this many events at the beginning")->check(whole_number());
  command.add_option("--limit", limit, "Read at most this many events")->check(whole_number(1));
}

StreamFormat StreamArguments::format(const app::Config& config) const {
  std::string names = columns;
  if (names.empty()) {
    for (const std::string& name : config.replay_columns) names += (names.empty() ? "" : ",") + name;
  }
  auto parsed = parse_columns(names);
  if (!parsed) {
    throw std::runtime_error((columns.empty() ? "replay.columns: " : "--columns: ") + parsed.error().message);
  }
  return {*std::move(parsed), header};
}

RecordedEvents::RecordedEvents(std::vector<std::string> files, const StreamFormat& format, std::uint64_t skip,
                               std::uint64_t limit)
    : files_(std::move(files)), format_(format), skip_(skip), limit_(limit) {}

void RecordedEvents::open_next() {
  auto stream = EventStream::open(files_[opened_], format_);
  if (!stream) throw std::runtime_error(stream.error().message);
  stream_ = *std::move(stream);
  ++opened_;
}

void RecordedEvents::close() {
  skipped_lines_ += stream_->skipped();
  if (!complained_) {
    for (const std::string& complaint : stream_->complaints()) {
      std::fprintf(stderr, "%s\n", printable(complaint).c_str());
    }
  }
  stream_.reset();
}

void RecordedEvents::start_again() {
  if (std::ranges::count(files_, "-") > 0) std::rewind(stdin);
  opened_ = 0;
  position_ = taken_ = skipped_lines_ = out_of_order_ = 0;
  newest_ = {};
  complained_ = true;
}

std::optional<Timestamp> RecordedEvents::find_newest() {
  for (const std::string& file : files_) {
    if (file == "-") {
      keep_standard_input();
    } else if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file)) {
      throw std::runtime_error(file + " cannot be read twice, to find the newest event; give it as standard input (-)");
    }
  }
  while (next()) {
  }
  const auto newest = taken_ > 0 ? std::optional(newest_) : std::nullopt;
  start_again();
  return newest;
}

std::optional<Event> RecordedEvents::next() {
  while (taken_ < limit_) {
    if (stream_ == nullptr) {
      if (opened_ == files_.size()) return std::nullopt;
      open_next();
    }
    auto event = stream_->next();
    if (!event) throw std::runtime_error(event.error().message);
    if (!*event) {
      close();
      continue;
    }
    if (++position_ <= skip_) continue;
    ++taken_;
    if ((*event)->time < newest_) ++out_of_order_;
    newest_ = std::max(newest_, (*event)->time);
    return std::move(*event);
  }
  if (stream_ != nullptr) close();
  return std::nullopt;
}

std::uint64_t RecordedEvents::skipped_lines() const {
  return skipped_lines_ + (stream_ == nullptr ? 0 : stream_->skipped());
}

std::string RecordedEvents::why_none() const {
  if (position_ > 0) return "no events: --skip leaves none of " + std::to_string(position_);
  if (skipped_lines_ > 0) return "no events: every line was skipped, " + std::to_string(skipped_lines_) + " in all";
  return files_.size() == 1 ? "no events: the file is empty" : "no events: the files are empty";
}

std::string RecordedEvents::place() const {
  const std::string& file = files_[opened_ - 1];
  return (file == "-" ? "stdin" : std::filesystem::path(file).filename().string()) + ":" +
         std::to_string(stream_->lines());
}

double RecordedEvents::part() const {
  double part = -1;
  if (stream_ != nullptr && stream_->bytes_total() > 0) {
    const double of_file = static_cast<double>(stream_->bytes_read()) / static_cast<double>(stream_->bytes_total());
    part = (static_cast<double>(opened_ - 1) + of_file) / static_cast<double>(files_.size());
  }
  if (limit_ != UINT64_MAX) part = std::max(part, static_cast<double>(taken_) / static_cast<double>(limit_));
  return part;
}

}  // namespace freshet::cli
