// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "online/model/ranking.h"
#include "online/part/options.h"

namespace freshet::online {

/// The options that the meaning of a saved state depends on; a state with another text is refused. Leaves out limits to
/// which a loaded state can be cut down. Includes parts that are off, as 0.1.0 did: for the same options, the text must
/// never change.
std::string fingerprint(const Options& options, Scorers scorers);

}  // namespace freshet::online
