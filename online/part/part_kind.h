// SPDX-License-Identifier: Apache-2.0
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

/// What a part is made from. Parts are made one after another, in feature order.
struct PartContext {
  const Options& options;
  /// Set by the part that learns user vectors, for later parts that compare users; null: there is no such part.
  std::shared_ptr<UserVectors> users{};
};

/// Declaration of a part. It stands beside the part's code and is listed in online/all_parts.cc. Configuration, command
/// line and documentation are made from it. recurrence.cc has the smallest one.
struct PartKind {
  std::string_view name;          ///< in configuration, metrics and the API
  std::string_view about;         ///< one line, for the README's table of parts
  bool on_by_default = false;     ///< takes part unless the configuration says otherwise
  std::string_view builds_on{};   ///< an earlier part that must take part too; empty: none
  std::string_view saved_name{};  ///< former name: in checkpoints, and still accepted in configurations; empty: none

  /// Describes the part's options, in section `section`, formerly `former_section` (empty: not renamed). Null: the part
  /// has no options.
  std::vector<Option<Options>> (*describe)(const std::string& section, const std::string& former_section) = nullptr;
  /// Checks rules between the part's options, or between them and others. Keys as in Options. Null: there are no rules.
  OptionProblems (*judge)(const Options& options) = nullptr;
  /// The options that a saved state depends on and load() does not check, as text. Checkpoints contain it even while
  /// the part is off, and one with another text is refused, so it must never change for the same options. Null for a
  /// new part, which checks its options in load(): a text would invalidate all earlier checkpoints.
  std::string (*fingerprint)(const Options& options) = nullptr;
  /// Makes the part.
  /// REQUIRES: valid options
  std::unique_ptr<Part> (*make)(PartContext& context) = nullptr;
};

/// PartKind::describe for a part whose options are of type T.
template <typename T>
std::vector<Option<Options>> describe_part(const std::string& section, const std::string& former_section) {
  return within<Options, T>(
      section, [](auto& options) -> auto& { return options.template part<T>(); }, T::describe(), former_section);
}

/// Makes the parts that `options.parts` names, in feature order.
std::vector<std::unique_ptr<Part>> make_parts(const Options& options);

}  // namespace freshet::online
