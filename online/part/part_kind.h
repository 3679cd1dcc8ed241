#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "online/part/options.h"
#include "online/part/part.h"

namespace freshet::online {

class UserVectors;

/// What parts are made with, one after another in feature order.
struct PartContext {
  const Options& options;
  /// Set by the part that learns them, read by the parts after it that compare users; null: no part learns them.
  std::shared_ptr<UserVectors> users{};
};

/// A part, declared beside its code and listed in online/all_parts.cc: configuration, documents and command line come
/// from here. recurrence.cc has the smallest.
struct PartKind {
  std::string_view name;          ///< also of its section of options, in metrics and in the API
  std::string_view about;         ///< one line of the README
  bool on_by_default = false;     ///< takes part unless the configuration says otherwise
  std::string_view builds_on{};   ///< name of a part before it in the list that must take part too; empty: none
  std::string_view saved_name{};  ///< in checkpoints, and still read in configurations; empty: it was never renamed

  /// Its options in the section `section`, which was called `former_section` (empty: was not renamed). Null: it has
  /// none.
  std::vector<Option<Options>> (*describe)(const std::string& section, const std::string& former_section) = nullptr;
  /// What is wrong with its options together, or with other options because of it. Keys as in Options. Null: nothing.
  OptionProblems (*judge)(const Options& options) = nullptr;
  /// What a saved state depends on that load() does not check, as saved in checkpoints, also while the part is off: it
  /// must never change for the same options. Null: nothing. New parts check their options in load() and have none, or
  /// checkpoints made before them would be refused.
  std::string (*fingerprint)(const Options& options) = nullptr;
  /// REQUIRES: valid options
  std::unique_ptr<Part> (*make)(PartContext& context) = nullptr;
};

/// PartKind::describe of a part whose options are a T.
template <typename T>
std::vector<Option<Options>> describe_part(const std::string& section, const std::string& former_section) {
  return within<Options, T>(
      section, [](auto& options) -> auto& { return options.template part<T>(); }, T::describe(), former_section);
}

/// The parts that `options.parts` names, in feature order.
std::vector<std::unique_ptr<Part>> make_parts(const Options& options);

}  // namespace freshet::online
