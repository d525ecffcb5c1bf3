// SPDX-License-Identifier: Apache-2.0
// Code points of the bytes 0x80 to 0xff of MariaDB's single-byte character sets; 0 = unassigned. For charset.cc only.
#pragma once

#include <cstdint>

namespace sluice::mysql {

extern const uint16_t kUpper_armscii8[128], kUpper_cp1250[128], kUpper_cp1251[128], kUpper_cp1256[128],
    kUpper_cp1257[128], kUpper_cp850[128], kUpper_cp852[128], kUpper_cp866[128], kUpper_dec8[128],
    kUpper_geostd8[128], kUpper_greek[128], kUpper_hebrew[128], kUpper_hp8[128], kUpper_keybcs2[128],
    kUpper_koi8r[128], kUpper_koi8u[128], kUpper_latin1[128], kUpper_latin2[128], kUpper_latin5[128],
    kUpper_latin7[128], kUpper_macce[128], kUpper_macroman[128], kUpper_swe7[128], kUpper_tis620[128];

}  // namespace sluice::mysql
