// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace freshet {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::corrupt: return "corrupt";
    case Errc::overloaded: return "overloaded";
    case Errc::timed_out: return "timed_out";
    case Errc::unavailable: return "unavailable";
    case Errc::shutting_down: return "shutting_down";
  }
  check_failed("Errc is closed", __FILE__, __LINE__);
}

}  // namespace freshet
