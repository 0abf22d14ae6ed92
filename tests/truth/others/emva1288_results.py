"""What the reference code of EMVA 1288 finds in the frames of a descriptor, as JSON on standard output.

Run by a Python that has the package ``emva1288``, with the descriptor as its argument. It needs numpy below
2, which this project does not run on, so the test starts it in an environment of its own.
"""

import json
import sys

from emva1288.process import Data1288, LoadImageData, ParseEmvaDescriptorFile, Results1288

described = ParseEmvaDescriptorFile(sys.argv[1])
found = Results1288(Data1288(LoadImageData(described.images).data).data)
names = ("K", "R", "sigma_d", "PRNU1288")
print(json.dumps({name: float(getattr(found, name)) for name in names}))
