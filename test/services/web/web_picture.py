"""Makes a picture of the page that LINK opens, with TARGET selected.

Usage: web_picture.py LINK TARGET FILE; packaging/demo/web-picture calls it.
"""

import sys
import time

from web_driver import Browser, Driver, select

link, target, path = sys.argv[1:4]
driver = Driver()
try:
    with Browser(driver, 1120, 640) as browser:
        browser.open(link)
        select(browser, target)
        time.sleep(0.5)  # fonts
        browser.picture(path)
finally:
    driver.end()
