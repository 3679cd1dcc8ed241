// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "store/database.h"
#include "tests/support/temp_directory.h"

namespace freshet::testing {

/// `options` for a data directory inside `directory`.
inline store::Options options_in(const TempDirectory& directory, store::Options options = {}) {
  options.directory = directory.path() + "/data";
  return options;
}

/// A database in a new directory. Close the stores that use it before close() or reopen().
class TestStore {
 public:
  explicit TestStore(store::Options options = {}, const Clock& clock = system_clock()) : clock_(clock) {
    reopen(std::move(options));
  }

  store::Database& database() { return *database_; }
  const std::string& directory() const { return options_.directory; }

  void close() { database_.reset(); }

  /// Opens the same directory again.
  void reopen() {
    close();
    database_.emplace(options_, clock_);
  }
  void reopen(store::Options options) {
    options_ = options_in(parent_, std::move(options));
    reopen();
  }

 private:
  const TempDirectory parent_;
  const Clock& clock_;
  store::Options options_;
  std::optional<store::Database> database_;
};

}  // namespace freshet::testing
