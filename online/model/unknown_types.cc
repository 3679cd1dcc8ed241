// SPDX-License-Identifier: Apache-2.0
#include "online/model/unknown_types.h"

#include "base/log.h"

namespace freshet::online {

bool UnknownTypes::has(const Event& event) {
  if (event.kind != EventKind::interaction || options_.knows_type(event.type)) return false;
  if (options_.weight_of(event.type) > 0) return false;  // '*' has a weight
  if (logged_.size() < kMost && logged_.insert(event.type).second) {
    log::warn("events of an unknown type are not learned; name the type in online.type_weights or online.type_aliases",
              {{"type", event.type}});
    if (logged_.size() == kMost) log::warn("further unknown types are counted, but not logged");
  }
  return true;
}

}  // namespace freshet::online
