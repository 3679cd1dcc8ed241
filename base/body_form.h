// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace freshet {

/// How a body of events or items holds several.
enum class BodyForm {
  any,    ///< one object, an array of objects, or NDJSON: as it begins
  lines,  ///< one on each line, whether it is valid or not
};

}  // namespace freshet
