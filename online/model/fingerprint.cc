// SPDX-License-Identifier: Apache-2.0
#include "online/model/fingerprint.h"

#include <algorithm>
#include <string_view>

#include "online/part/part_kind.h"

namespace freshet::online {
namespace {

std::string_view saved_name(const Options& options, const Scorer& scorer) {
  const auto kind = std::ranges::find(options.kinds, scorer.name(), &PartKind::name);
  return kind == options.kinds.end() || (*kind)->saved_name.empty() ? scorer.name() : (*kind)->saved_name;
}

}  // namespace

std::string fingerprint(const Options& options, Scorers scorers) {
  std::string text = "items " + std::to_string(options.max_items);
  for (const Scorer* scorer : scorers) {
    for (const std::string_view feature : scorer->features()) {
      text.append(" ").append(saved_name(options, *scorer)).append(".").append(feature);
    }
  }
  for (const PartKind* kind : options.kinds) {
    if (kind->fingerprint != nullptr) text += kind->fingerprint(options);
  }
  return text + " hidden " + std::to_string(options.blender.hidden_units);
}

}  // namespace freshet::online
