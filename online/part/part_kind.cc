// SPDX-License-Identifier: Apache-2.0
#include "online/part/part_kind.h"

#include "base/check.h"

namespace freshet::online {

std::vector<std::unique_ptr<Part>> make_parts(const Options& options) {
  PartContext context{options};
  std::vector<std::unique_ptr<Part>> parts;
  for (const PartKind* kind : options.kinds) {
    if (!options.has_part(kind->name)) continue;
    parts.push_back(kind->make(context));
    FRESHET_CHECK(parts.back()->live().name() == kind->name);
  }
  return parts;
}

}  // namespace freshet::online
