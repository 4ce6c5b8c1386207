<#-- The frame of every page, as that of src/http/page.ts; no logo and no name but the shop's. Scripts are keycloak.v2's. -->
<#import "field.ftl" as field>
<#import "footer.ftl" as loginFooter>
<#import "theme-resources.ftl" as themeResourceTags>
<#macro username>
    <p class="who">
        <span>${msg("customerSigningInAs")} <strong id="kc-attempted-username">${auth.attemptedUsername}</strong></span>
        <a id="reset-login" href="${url.loginRestartFlowUrl}">${msg("restartLoginTooltip")}</a>
    </p>
</#macro>

<#macro registrationLayout bodyClass="" displayInfo=false displayMessage=true displayRequiredFields=false>
<#assign heading><#nested "header"></#assign>
<#assign said = displayMessage && message?has_content && (message.type != 'warning' || !isAppInitiatedAction??)>
<!DOCTYPE html>
<html lang="${lang}"<#if realm.internationalizationEnabled> dir="${(locale.rtl)?then('rtl','ltr')}"</#if>>
<head>
    <meta charset="utf-8">
    <meta name="color-scheme" content="light dark">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex, nofollow">
    <title>${heading?markup_string?replace('<[^>]*>', '', 'r')?trim?no_esc} · ${realm.displayName!}</title>
    <link rel="icon" href="data:,">
    <#list (properties.styles!'')?split(' ') as style>
    <link href="${url.resourcesPath}/${style}" rel="stylesheet">
    </#list>
    <script type="importmap">
        { "imports": { "rfc4648": "${url.resourcesCommonPath}/vendor/rfc4648/rfc4648.js" } }
    </script>
    <#if themeResources?? && themeResources.scripts?has_content>
        <@themeResourceTags.renderScripts themeResources.scripts url.resourcesPath "text/javascript" />
    </#if>
    <#if scripts??>
        <#list scripts as script>
            <script src="${script}" type="text/javascript"></script>
        </#list>
    </#if>
    <script type="module" src="${url.resourcesPath}/js/passwordVisibility.js"></script>
    <script type="module">
        <#outputformat "JavaScript">
        import { startSessionPolling } from ${(url.resourcesPath + "/js/authChecker.js")?c};
        startSessionPolling(${url.ssoLoginInOtherTabsUrl?c});
        </#outputformat>
    </script>
    <#if authenticationSession??>
        <script type="module">
            <#outputformat "JavaScript">
            import { checkAuthSession } from ${(url.resourcesPath + "/js/authChecker.js")?c};
            checkAuthSession(${authenticationSession.authSessionIdHash?c});
            </#outputformat>
        </script>
    </#if>
    <script>
        // Workaround for https://bugzilla.mozilla.org/show_bug.cgi?id=1404468
        const isFirefox = true;
    </script>
</head>
<body data-page-id="login-${pageId}">
    <a class="skip" href="#main">${msg("customerSkip")}</a>
    <header>
        <#if client?? && client.baseUrl?has_content>
        <a class="brand" href="${client.baseUrl}">${realm.displayName!}</a>
        <#else>
        <span class="brand">${realm.displayName!}</span>
        </#if>
    </header>
    <main id="main" tabindex="-1">
        <h1 id="kc-page-title">${heading}</h1>
        <#if said>
        <p class="${properties.kcAlertClass!} kc-feedback-text" data-kind="${message.type}" role="<#if message.type = 'error'>alert<#else>status</#if>">${message.summary}</p>
        </#if>
        <div class="card">
            <#if displayRequiredFields>
            <p class="hint"><span class="${properties.kcInputRequiredClass!}" aria-hidden="true">*</span> ${msg("requiredFields")}</p>
            </#if>
            <#if auth?has_content && auth.showUsername() && !auth.showResetCredentials()>
                <#nested "show-username">
                <@username />
            </#if>

            <#nested "form">

            <#if auth?has_content && auth.showTryAnotherWayLink()>
            <form id="kc-select-try-another-way-form" class="apart" action="${url.loginAction}" method="post" novalidate>
                <input type="hidden" name="tryAnotherWay" value="on">
                <button id="try-another-way" type="submit" class="${properties.kcButtonSecondaryClass!}">${msg("doTryAnotherWay")}</button>
            </form>
            </#if>

            <#nested "socialProviders">

            <#if displayInfo>
            <div id="kc-info" class="apart"><#nested "info"></div>
            </#if>
        </div>
        <@loginFooter.content/>
    </main>
    <#-- After what the page is about, also for whoever goes through its links one by one. -->
    <footer>
        <#if realm.internationalizationEnabled && locale.supported?size gt 1>
        <nav aria-label="${msg("languages")}">
            <#list locale.supported?sort_by("label") as l>
                <#if l.languageTag == locale.currentLanguageTag>
                <span aria-current="true">${l.label}</span>
                <#else>
                <a href="${l.url}" lang="${l.languageTag}" hreflang="${l.languageTag}">${l.label}</a>
                </#if>
            </#list>
        </nav>
        </#if>
    </footer>
</body>
</html>
</#macro>
